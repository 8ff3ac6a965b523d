/** What the API server refuses, as a sentence for the person who asked. */
import { type FieldError, WarrenError } from '@warren/contracts'

/** What a request was about, for the sentence of its refusal. */
export type Asked = {
  /** RBAC verbs that it takes. */
  readonly verbs: readonly string[]
  /** Resource with its sub-resource, e.g. `pods/portforward`. */
  readonly resource: string
  readonly apiGroup: string
  /** Absent for all namespaces. */
  readonly namespace?: string
  readonly name?: string
}

/** Kubernetes' Status. */
type Status = {
  readonly message?: string
  readonly reason?: string
  readonly details?: {
    readonly name?: string
    readonly kind?: string
    readonly causes?: readonly { readonly field?: string; readonly message?: string }[]
  }
}

/** @param missingVerbs of a 403: the verbs that RBAC denies; none when something else refused, such as an admission policy */
export function refusalOf(
  httpStatus: number,
  body: string,
  asked: Asked,
  missingVerbs: readonly string[] = [],
): WarrenError {
  const status = parse(body)
  const { name, resource, namespace } = asked
  const place = namespace === undefined ? 'in all namespaces' : `in namespace ${namespace}`
  if (httpStatus === 401)
    return new WarrenError(
      'unauthenticated',
      'Kubernetes does not know you: the sign-in of the kubeconfig ended or is wrong.',
    )
  if (httpStatus === 403)
    return new WarrenError(
      'forbidden',
      missingVerbs.length > 0 ? forbidden(asked, missingVerbs, place) : status.message,
    )
  if (httpStatus === 404 && status.details?.kind === 'namespaces')
    return new WarrenError('not_found', `There is no namespace ${namespace}.`)
  if (httpStatus === 404 && resource.startsWith('pods'))
    return new WarrenError('session_unavailable', `There is no session pod ${name} ${place} now.`)
  // The API server names the object that is not there; where it names none, it does not know the kind.
  if (httpStatus === 404 && status.details?.name === undefined)
    return new WarrenError(
      'not_found',
      'This cluster knows no WhatsAppInstances: Warren is not installed in it.',
    )
  if (httpStatus === 404) return new WarrenError('not_found', `There is no instance ${name} ${place}.`)
  if (httpStatus === 409 && status.reason === 'AlreadyExists')
    return new WarrenError('already_exists', `There is an instance ${name} ${place} already.`)
  if (httpStatus === 409) return new WarrenError('conflict', status.message)
  if (httpStatus === 422) return invalid(status)
  return new WarrenError(
    httpStatus >= 500 ? 'dependency_unavailable' : 'internal',
    `Kubernetes answered ${httpStatus}: ${status.message ?? body.slice(0, 200)}`,
  )
}

/** Names the rule that a Role would need. */
function forbidden({ resource, apiGroup }: Asked, missing: readonly string[], place: string): string {
  const verbs = missing.map((verb) => `"${verb}"`).join(', ')
  return `You may not ${missing.join(' and ')} ${resource} ${place}. The rule that is missing: apiGroups ["${apiGroup}"], resources ["${resource}"], verbs [${verbs}].`
}

/** Schema and CEL rules: one sentence a field. */
function invalid({ message, details }: Status): WarrenError {
  const fields: FieldError[] = (details?.causes ?? []).map((cause) => ({
    path: cause.field ?? '',
    message: cause.message ?? '',
  }))
  const text = fields.map(({ path, message: why }) => `${path}: ${why}`).join('; ')
  return new WarrenError('validation_failed', text || message, { details: { fields } })
}

function parse(body: string): Status {
  try {
    return Object(JSON.parse(body)) as Status
  } catch {
    return {}
  }
}
