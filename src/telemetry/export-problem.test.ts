import { describe, expect, it } from 'vitest';
import { exportProblem } from './export-problem.ts';

const line = 'Telemetry could not be sent: connect ECONNREFUSED 127.0.0.1:9. The work is not affected';

describe('exportProblem', () => {
  it('reads the error that the SDK hands over as JSON, and leaves its stack out', () => {
    const message =
      'PeriodicExportingMetricReader: metrics export failed (error Error: connect ECONNREFUSED 127.0.0.1:9)';
    const said = JSON.stringify({ stack: `Error: ${message}\n    at x (file:///y.js:1:1)`, message });
    expect(exportProblem(said)).toContain(line);
    expect(exportProblem(said)).not.toContain('file:');
  });

  it('takes a plain text as it is, its first line', () => {
    expect(exportProblem('connect ECONNREFUSED 127.0.0.1:9\n    at y')).toContain(line);
  });
});
