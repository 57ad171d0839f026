/** A value that fits a JSON schema as far as its type, properties, items, enum, const, anyOf and minimum go. */
export function sampleJson(schema: unknown, hint: string): unknown {
  if (schema === null || typeof schema !== 'object') return hint;
  const { type, properties, items, minimum, ...rest } = schema as Record<string, unknown>;
  if ('const' in rest) return rest['const'];
  const choices = rest['enum'] ?? rest['anyOf'] ?? rest['oneOf'];
  if (Array.isArray(choices)) return 'enum' in rest ? choices[0] : sampleJson(choices[0], hint);
  switch (Array.isArray(type) ? type[0] : (type ?? (properties === undefined ? 'string' : 'object'))) {
    case 'object':
      return Object.fromEntries(
        Object.entries((properties ?? {}) as Record<string, unknown>).map(([name, property]) => [
          name,
          sampleJson(property, hint),
        ]),
      );
    case 'array':
      return items === undefined ? [] : [sampleJson(items, hint)];
    case 'integer':
    case 'number':
      return typeof minimum === 'number' ? minimum : 1;
    case 'boolean':
      return true;
    case 'null':
      return null;
    default:
      return hint;
  }
}
