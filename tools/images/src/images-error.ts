export const imagesErrorCodes = ['invalid_arguments', 'missing', 'failed', 'timeout'] as const;
export type ImagesErrorCode = (typeof imagesErrorCodes)[number];

/** What an operator can do something about: the message says what. */
export class ImagesError extends Error {
  override readonly name = 'ImagesError';
  readonly code: ImagesErrorCode;

  constructor(code: ImagesErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
