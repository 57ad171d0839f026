/** Where a ledger is, for people and logs: the URL without its password and options. */
export function ledgerLocation(url: string): string {
  if (!URL.canParse(url)) return 'the Postgres ledger';
  const { username, host, pathname } = new URL(url);
  return `postgres://${username === '' ? '' : `${username}@`}${host}${pathname}`;
}
