/** Micro-dollars as money: `$20.00`, `$4.9987`, `$0.000012`; of small amounts as many decimals as say something. */
export function formatUsd(microUsd: number): string {
  const usd = microUsd / 1_000_000;
  const decimals = usd === 0 || usd >= 100 ? 2 : usd >= 0.01 ? 4 : 6;
  const [whole = '', fraction = ''] = usd.toFixed(decimals).split('.');
  const shown = fraction.replace(/0+$/, '').padEnd(2, '0');
  return `$${whole.replace(/\B(?=(\d{3})+$)/g, ',')}.${shown}`;
}
