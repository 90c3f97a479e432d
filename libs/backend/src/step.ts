/** One step of a launch, or of its end: where the time went. */
export interface Step {
  /** safe to print */
  readonly what: string;
  /** milliseconds from the start of this process to the start of the step */
  readonly fromMs: number;
  readonly tookMs: number;
}

export type OnStep = (step: Step) => void;

/** Does something and tells how long it took, also when it fails. Nobody to tell: nothing is measured. */
export async function timed<T>(onStep: OnStep | undefined, what: string, work: () => Promise<T>): Promise<T> {
  if (onStep === undefined) return await work();
  const fromMs = performance.now();
  try {
    return await work();
  } finally {
    onStep({ what, fromMs, tookMs: performance.now() - fromMs });
  }
}
