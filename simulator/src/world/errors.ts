/** Why an operation was refused; `code` is stable, `message` is for people. */
export type RefusalCode =
  | 'invalid_request'
  | 'not_found'
  | 'qr_malformed'
  | 'qr_expired'
  | 'qr_mismatch'
  | 'could_not_link'
  | 'code_wrong'
  | 'code_not_requested'
  | 'too_many_devices'
  | 'timeout'
  | 'closed'

const STATUS: Record<RefusalCode, number> = {
  invalid_request: 400,
  not_found: 404,
  qr_malformed: 400,
  qr_expired: 410,
  qr_mismatch: 409,
  could_not_link: 409,
  code_wrong: 403,
  code_not_requested: 404,
  too_many_devices: 409,
  timeout: 504,
  closed: 409,
}

/** An operation of the control API that cannot be done; carried over HTTP as `{error: {code, message, field}}`. */
export class Refusal extends Error {
  readonly code: RefusalCode
  /** The field of the request that is to blame, if one is. */
  readonly field: string | undefined

  constructor(code: RefusalCode, message: string, field?: string) {
    super(message)
    this.name = 'Refusal'
    this.code = code
    this.field = field
  }

  get status(): number {
    return STATUS[this.code]
  }
}
