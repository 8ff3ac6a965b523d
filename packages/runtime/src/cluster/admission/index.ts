export { type Admitted, admitChange, admitManifest } from './admit.ts'
