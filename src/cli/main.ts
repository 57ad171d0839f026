#!/usr/bin/env node
/**
 * The command `teelamma`. This file must run on any Node that knows modules, so that an old one gets one clear line instead of a
 * stack trace; everything else is loaded after the check, and after the compile cache is on.
 */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 13)) {
  process.stderr.write(
    `teelamma needs Node 22.13 or newer; this is Node ${process.versions.node}. Install a newer one from https://nodejs.org.\n`,
  );
  process.exitCode = 1;
} else {
  // An import would make Node read every export of it.
  process.getBuiltinModule('node:module').enableCompileCache();
  const { runQuickly } = await import('./run-quickly.ts');
  if (!(await runQuickly(process))) {
    const { runCli } = await import('./run-cli.ts');
    await runCli(process);
  }
}

export {};
