/**
 * One line of what the SDK says when it cannot send. It hands over an error as JSON with its stack, or as text with the cause in
 * brackets.
 */
export function exportProblem(said: string): string {
  const cause = /\(error (?:\w*Error: )?(.*)\)$/s.exec(messageOf(said))?.[1] ?? messageOf(said);
  const [line = ''] = cause.split('\n');
  return `Telemetry could not be sent: ${line.replace(/\.$/, '')}. The work is not affected; see OTEL_EXPORTER_OTLP_ENDPOINT.`;
}

function messageOf(said: string): string {
  try {
    const { message } = JSON.parse(said) as { readonly message?: unknown };
    return typeof message === 'string' ? message : said;
  } catch {
    return said;
  }
}
