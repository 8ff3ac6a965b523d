/** Where things are and what they are called: the addresses of the sandbox's own network, and its folders. */
import { join } from 'node:path'

/** The first node; also the API server, DNS, and whatever the tests serve to pods. */
export const HOST_IP = '10.200.0.2'
export const API_URL = `https://${HOST_IP}:6443`
export const SERVICE_CIDR = '10.96.0.0/16'
export const POD_CIDR = '10.244.0.0/16'

/** One cluster a machine: its control groups and mounts have fixed names. */
export const STATE_DIR = '/tmp/warren-test-cluster'
/** Name of our part of each hierarchy of control groups. */
export const CGROUP = 'warren-test-cluster'

export const inState = (...names: string[]) => join(STATE_DIR, ...names)
export const kubeconfigOf = (user: string) => inState('kubeconfigs', user)
export const nodeIP = (node: number) => `10.200.0.${node + 1}`
export const nodeNumbers = (nodes: number) => Array.from({ length: nodes }, (_, index) => index + 1)
