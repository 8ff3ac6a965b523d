/** The operator: reconcile loops over the cluster port. `createOperator` runs in any process that has one. */
export { createOperator, type Operator, type OperatorDeps } from './operator.ts'
export type { SessionPodTemplate } from './pods/template.ts'
