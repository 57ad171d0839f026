import type { Complexity } from '../../agents/complexity.ts';
import type { Style } from '../style.ts';

/** The signals behind a score, strongest first, each with what it adds to or takes from the logit; together they are the score. */
export function signalLines({ signals, score }: Complexity, style: Style): string[] {
  const sorted = [...signals].sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution));
  const logit = signals.reduce((sum, { contribution }) => sum + contribution, 0);
  return [
    style.bold('Why this score'),
    ...sorted.map(({ contribution, description, value }) => {
      const amount = signed(contribution).padStart(6);
      const paint = contribution > 0 ? style.yellow : style.green;
      return `${paint(amount)}  ${description}: ${Number(value.toFixed(3))}`;
    }),
    `${signed(logit).padStart(6)}  in sum, a score of ${score.toFixed(2)}`,
  ];
}

function signed(value: number): string {
  return `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(2)}`;
}
