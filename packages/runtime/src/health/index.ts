export { type CheckResult, type HealthCheck, type HealthReport, runChecks } from './checks.ts'
export {
  createHealthHandler,
  createHealthServer,
  type HealthServer,
  type HealthServerOptions,
  type MetricsSource,
} from './health-server.ts'
