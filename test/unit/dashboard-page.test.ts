import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';

const folder = resolve(import.meta.dirname, '../../dist/dashboard');
const mostGzippedBytes = 150_000;

it('the built page has less than 150 kB of JavaScript, gzipped', () => {
  const scripts = readdirSync(folder).filter((name) => name.endsWith('.js'));
  expect(scripts.sort()).toEqual(['app.js', 'theme.js']);
  const bytes = scripts.reduce((sum, name) => sum + gzipSync(readFileSync(resolve(folder, name))).length, 0);
  expect(bytes).toBeLessThan(mostGzippedBytes);
});

it('the built page names no other host, and has no script or style in its HTML', () => {
  const html = readFileSync(resolve(folder, 'index.html'), 'utf8');
  expect(html).not.toMatch(/<style|style=|\son\w+=|<script>(?!<)|<script(?![^>]*\ssrc=)/i);
  for (const name of ['index.html', 'app.css', 'theme.js', 'app.js']) {
    const hosts = readFileSync(resolve(folder, name), 'utf8').match(
      /(?:https?:)?\/\/[a-z0-9-]+(?:\.[a-z0-9-]+)+/gi,
    );
    // Names of the two XML languages that the DOM knows are no addresses.
    expect((hosts ?? []).filter((host) => !host.endsWith('//www.w3.org'))).toEqual([]);
  }
});
