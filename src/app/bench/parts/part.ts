/** A part of the way, timed alone. */
export interface Part {
  readonly type: 'part';
  /** For goals and programs. */
  readonly name: string;
  /** For people. */
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** Why the value says nothing about the goal; left out where it does. */
  readonly unknown?: string;
}

export interface PartPlan {
  /** Less of everything. */
  readonly quick: boolean;
  /** Milliseconds of one measurement; each is done five times. */
  readonly ms: number;
  /** Datagrams of 45 fragments in the file that is verified. */
  readonly fileDatagrams: number;
  readonly signal: AbortSignal;
  /** Told before every part. */
  readonly onStep: (name: string) => void;
}
