import { describe, expect, it } from 'vitest';
import { lackingPackage } from './lacking-package.ts';

describe('what was never downloaded is read from', () => {
  it('Maven, for a parent and for a plugin', () => {
    const offline =
      'Cannot access central (https://repo.example.org/maven2) in offline mode and the artifact';
    expect(
      lackingPackage(
        `[FATAL] Non-resolvable parent POM for com.example:shop:[unknown-version]: ${offline} com.example:parent:pom:1 has not been downloaded from it before. and 'parent.relativePath' points at no local POM @ line 1, column 60\n`,
      ),
    ).toMatchObject({ name: 'com.example:parent:pom:1', cache: '.m2/repository' });
    expect(
      lackingPackage(
        `[ERROR] Plugin org.apache.maven.plugins:maven-resources-plugin:2.6 or one of its dependencies could not be resolved: ${offline} org.apache.maven.plugins:maven-resources-plugin:jar:2.6 has not been downloaded from it before. -> [Help 1]\n`,
      ),
    ).toMatchObject({ name: 'org.apache.maven.plugins:maven-resources-plugin:jar:2.6' });
  });

  it('cargo', () => {
    const unknown = `error: no matching package named \`no-such-crate\` found
location searched: crates.io index
required by package \`x v0.1.0 (/home/me/x)\`
As a reminder, you're using offline mode (--offline) which can sometimes cause surprising resolution failures, if this error is too confusing you may wish to retry without \`--offline\`.
`;
    expect(lackingPackage(unknown)).toMatchObject({ name: 'no-such-crate', download: 'cargo fetch' });
    const known = `error: failed to download \`serde v1.0.0\`

Caused by:
  attempting to make an HTTP request, but --offline was specified
`;
    expect(lackingPackage(known)).toMatchObject({ name: 'serde' });
  });

  it('go', () => {
    expect(
      lackingPackage('main.go:3:8: github.com/x/y@v1.2.0: module lookup disabled by GOPROXY=off\n'),
    ).toMatchObject({ name: 'github.com/x/y@v1.2.0', cache: 'go/pkg/mod' });
  });
});

it('a failing test lacks nothing', () => {
  expect(lackingPackage('[ERROR]   CartTest.addsUp:10 expected: <3> but was: <-3>\n')).toBeUndefined();
  expect(
    lackingPackage('error[E0433]: failed to resolve: use of undeclared crate or module `serde`\n'),
  ).toBeUndefined();
});
