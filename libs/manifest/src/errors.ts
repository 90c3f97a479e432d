const errorBrand = Symbol.for('bot-bottle.manifest.error');
const errorsBrand = Symbol.for('bot-bottle.manifest.errors');
const userError = Symbol.for('bot-bottle.user-error');

/** Every kind of mistake that a manifest can hold. The set is closed; messages may change, codes do not. */
export const manifestErrorCodes = [
  'front_matter_missing',
  'front_matter_unclosed',
  'yaml_syntax',
  'yaml_duplicate_key',
  'yaml_tag',
  'yaml_alias',
  'yaml_too_complex',
  'too_large',
  'not_text',
  'unknown_key',
  'legacy_key',
  'legacy_file',
  'not_allowed_here',
  'missing_key',
  'invalid_type',
  'invalid_value',
  'invalid_name',
  'invalid_host',
  'too_broad',
  'reserved_name',
  'duplicate',
  'conflict',
  'unknown_agent',
  'unknown_bottle',
  'unknown_env',
  'extends_self',
  'extends_cycle',
  'extends_too_deep',
  'repository_agent_refused',
  'unsafe_file',
  'unreadable_file',
] as const;

export type ManifestErrorCode = (typeof manifestErrorCodes)[number];

export interface ManifestErrorInit {
  readonly code: ManifestErrorCode;
  /** what is wrong, without the value that is wrong */
  readonly message: string;
  /** file as given by the caller, null when the manifest came from an object */
  readonly file: string | null;
  /** e.g. `bottle dev` */
  readonly entity: string;
  /** e.g. `egress.routes[2].auth.scheme`, '' for the whole file */
  readonly path: string;
  /** 1-based, null when there is no text */
  readonly line: number | null;
  /** 1-based, in UTF-16 units, null with `line` */
  readonly column: number | null;
  readonly hint: string | null;
}

/** One mistake in a manifest. Its message never holds a value of the manifest. */
export class ManifestError extends Error {
  override readonly name = 'ManifestError';
  readonly code: ManifestErrorCode;
  readonly file: string | null;
  readonly entity: string;
  readonly path: string;
  readonly line: number | null;
  readonly column: number | null;
  readonly hint: string | null;
  readonly [errorBrand] = true;
  readonly [userError] = true;

  constructor(init: ManifestErrorInit) {
    super(init.message);
    this.code = init.code;
    this.file = init.file;
    this.entity = init.entity;
    this.path = init.path;
    this.line = init.line;
    this.column = init.column;
    this.hint = init.hint;
  }

  /** Everything but the message, as plain data. */
  get data(): Omit<ManifestErrorInit, 'message'> {
    const { code, file, entity, path, line, column, hint } = this;
    return { code, file, entity, path, line, column, hint };
  }

  /** Works across duplicated copies of the package, where `instanceof` does not. */
  static isInstance(value: unknown): value is ManifestError {
    return typeof value === 'object' && value !== null && errorBrand in value;
  }
}

/** Renders one error as `file:line:column: path: message (hint)`; parts that are not known are left out. */
export function renderManifestError(error: ManifestError): string {
  const place =
    error.file === null
      ? error.entity
      : error.line === null
        ? error.file
        : `${error.file}:${error.line}:${error.column ?? 1}`;
  const path = error.path === '' ? '' : `${error.path}: `;
  const hint = error.hint === null ? '' : ` (${error.hint})`;
  return `${place}: ${path}${error.message}${hint}`;
}

/** What every function of this package throws: all mistakes found at once, in the order of the file. */
export class ManifestErrors extends Error {
  override readonly name = 'ManifestErrors';
  readonly code = 'invalid_manifest';
  readonly errors: readonly ManifestError[];
  readonly [errorsBrand] = true;
  readonly [userError] = true;

  constructor(errors: readonly ManifestError[]) {
    super(errors.map(renderManifestError).join('\n'));
    this.errors = errors;
  }

  get data(): { readonly errors: ReadonlyArray<ManifestError['data'] & { readonly message: string }> } {
    return { errors: this.errors.map((each) => ({ message: each.message, ...each.data })) };
  }

  static isInstance(value: unknown): value is ManifestErrors {
    return typeof value === 'object' && value !== null && errorsBrand in value;
  }
}
