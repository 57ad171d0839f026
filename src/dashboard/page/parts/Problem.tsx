/** Why something cannot be shown. */
export function Problem({ text }: { readonly text: string | null }) {
  if (text === null) return null;
  return (
    <p class="notice tone-bad" role="alert">
      {text}
    </p>
  );
}
