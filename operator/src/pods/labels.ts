import { GROUP } from '@warren/contracts'

/** What a pod was made from. A pod with another hash is replaced. */
export const TEMPLATE_HASH_ANNOTATION = `${GROUP}/template-hash`

/** The instance in a form that is always a label value (at most 63 characters); its name is in the annotation. */
export const INSTANCE_HASH_LABEL = `${GROUP}/instance-hash`
export const INSTANCE_ANNOTATION = `${GROUP}/instance`

/** Labels that all session pods have, and nothing else. */
export const SESSION_LABELS = {
  'app.kubernetes.io/name': 'warren',
  'app.kubernetes.io/component': 'session',
} as const
