import { Option } from 'commander';
import { reviewers } from '../agents/critic/reviewers.ts';

/** `--reviewer off|ollama|claude`. */
export function reviewerOption(): Option {
  const description = 'a second model that looks at what every check approves: off, ollama or claude';
  return new Option('--reviewer <model>', description).choices(reviewers);
}
