import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ProjectChecks } from '../../src/workspace/checks/ProjectChecks.ts';
import { findProgram } from '../../src/workspace/sandbox/find-sandbox.ts';
import { type Changes, checkChanges, thisUser } from '../support/check-changes.ts';
import { describeInSandbox } from '../support/needs-sandbox.ts';
import { type SampleProject, sampleProject } from '../support/sample-project.ts';

/** Projects of Maven that need no plugin: what the local repository gives them is their parent. */
const pom = (name: string, inside: string) =>
  `<project><modelVersion>4.0.0</modelVersion>${inside}<artifactId>${name}</artifactId><packaging>pom</packaging></project>\n`;
const child = (parentVersion: number) =>
  pom(
    'shop',
    `<parent><groupId>com.example</groupId><artifactId>parent</artifactId><version>${parentVersion}</version></parent>`,
  );
const repository = '.m2/repository/com/example/parent/1';

const noMaven = findProgram('mvn', thisUser.path) === undefined ? ' (NOT TESTED HERE: there is no mvn)' : '';

describeInSandbox(`mvn test, offline${noMaven}`, ({ mode }) => {
  let home: SampleProject;
  let project: SampleProject;
  beforeEach(() => {
    home = sampleProject({});
    project = sampleProject({ 'pom.xml': child(1) });
  });
  afterEach(() => {
    home.remove();
    project.remove();
  });
  const check = (changes: Changes) =>
    checkChanges(project.folder, changes, { by: new ProjectChecks({ ...thisUser, home: home.folder }) });
  const download = () =>
    home.writeAll({
      [`${repository}/parent-1.pom`]: pom('parent', '<groupId>com.example</groupId><version>1</version>'),
      // As Maven writes it where the user's settings.xml has all of it come from a mirror.
      [`${repository}/_remote.repositories`]: 'parent-1.pom>company-mirror=\n',
    });

  it.runIf(noMaven === '')(
    'takes what the local repository holds, whichever server it came from',
    async () => {
      download();
      expect(await check({ 'notes.txt': 'x\n' })).toMatchObject({
        issues: [],
        ran: [{ name: 'mvn test', outcome: 'passed' }],
      });
    },
  );

  it.runIf(noMaven === '')(
    'fails where only the change needs what was never downloaded, with what to do',
    async () => {
      download();
      expect((await check({ 'pom.xml': child(2) })).issues).toMatchObject([
        {
          kind: 'failed-check',
          severity: 'error',
          message:
            'mvn test fails: it runs offline, and com.example:parent:pom:2 was never downloaded; `mvn dependency:go-offline` in the workspace does that',
        },
      ]);
    },
  );

  it.runIf(noMaven === '')(
    'says that it could not run where nothing was downloaded, and blames no change',
    async () => {
      expect(await check({ 'notes.txt': 'x\n' })).toMatchObject({
        issues: [],
        ran: [
          {
            outcome: 'failed-before',
            note: expect.stringMatching(
              /^it runs offline, and com\.example:parent:pom:1 was never downloaded/,
            ),
          },
        ],
      });
    },
  );

  it.runIf(noMaven === '' && mode === 'other-user')('says so where root keeps it for itself', async () => {
    download();
    const folder = join(home.folder, '.m2/repository');
    chmodSync(folder, 0o750);
    expect((await check({ 'notes.txt': 'x\n' })).ran).toMatchObject([
      {
        outcome: 'failed-before',
        note: expect.stringContaining(`chmod -R o+rX ${folder} opens it to them`),
      },
    ]);
  });
});
