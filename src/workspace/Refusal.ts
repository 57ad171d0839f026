/** An ordinary "no" of the stage: what was not done and why, and what to do instead, in whole sentences for the model to read. */
export class Refusal {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}
