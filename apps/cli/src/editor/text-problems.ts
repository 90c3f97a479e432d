/** What is wrong with an edited text, one visible line each; `editText` shows them and asks again. */
export class TextProblems extends Error {
  override readonly name = 'TextProblems';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('; '));
    this.problems = problems;
  }
}
