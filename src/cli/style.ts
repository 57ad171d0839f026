import { styleText } from 'node:util';
import type { Environment } from '../config/Config.ts';

/** Functions that colour a piece of text, or give it back as it is. */
export interface Style {
  readonly enabled: boolean;
  readonly bold: Paint;
  readonly dim: Paint;
  readonly red: Paint;
  readonly green: Paint;
  readonly yellow: Paint;
  readonly cyan: Paint;
}

type Paint = (text: string) => string;

export function createStyle(enabled: boolean): Style {
  const paint =
    (format: 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'): Paint =>
    (text) =>
      enabled ? styleText(format, text, { validateStream: false }) : text;
  return {
    enabled,
    bold: paint('bold'),
    dim: paint('dim'),
    red: paint('red'),
    green: paint('green'),
    yellow: paint('yellow'),
    cyan: paint('cyan'),
  };
}

/**
 * Whether a stream gets colours: never with --no-color; else FORCE_COLOR decides (`0` and `false` mean no), else NO_COLOR, else
 * whether it is a terminal that is not `TERM=dumb`. FORCE_COLOR comes before NO_COLOR as in Node itself; an empty variable counts as
 * not set (no-color.org).
 */
export function wantsColor(environment: Environment, isTerminal: boolean, hasNoColorFlag: boolean): boolean {
  if (hasNoColorFlag) return false;
  const forced = environment['FORCE_COLOR'];
  if (forced) return forced !== '0' && forced !== 'false';
  if (environment['NO_COLOR']) return false;
  return isTerminal && environment['TERM'] !== 'dumb';
}
