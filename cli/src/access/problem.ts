import { ERRORS, type ErrorCode, type FieldError, WarrenError } from '@warren/contracts'

/** A problem document, as far as it is one: what answers may be a proxy. */
type Problem = {
  readonly code?: unknown
  readonly detail?: unknown
  readonly title?: unknown
  readonly errors?: readonly FieldError[]
  readonly whatsappCode?: number
}

/** The error that an answer with another status than 2xx tells; `internal` when it is not one of ours. */
export function problemError(status: number, text: string): WarrenError {
  const problem = parse(text)
  const code = isCode(problem.code) ? problem.code : codeOf(status)
  const said = [problem.detail, problem.title].find((one) => typeof one === 'string')
  const fields = problem.errors ? { fields: problem.errors } : {}
  const whatsapp = problem.whatsappCode === undefined ? {} : { whatsappCode: problem.whatsappCode }
  return new WarrenError(
    code,
    said ?? (isCode(problem.code) ? undefined : `The server answered ${status}.`),
    {
      details: { ...fields, ...whatsapp },
    },
  )
}

function parse(text: string): Problem {
  try {
    return Object(JSON.parse(text)) as Problem
  } catch {
    return {}
  }
}

const isCode = (code: unknown): code is ErrorCode => typeof code === 'string' && Object.hasOwn(ERRORS, code)

function codeOf(status: number): ErrorCode {
  if (status === 401) return 'unauthenticated'
  if (status === 403) return 'forbidden'
  if (status === 404) return 'not_found'
  if (status === 429) return 'rate_limited'
  return status >= 502 ? 'dependency_unavailable' : 'internal'
}
