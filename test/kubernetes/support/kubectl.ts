/** The real kubectl, as a person types it. */
import { spawn } from 'node:child_process'
import { findKubectl } from '@warren/runtime/testing/kubernetes'

/** Resolves with what it printed. @throws Error with what it said when it does not end with 0 */
export type Kubectl = (args: readonly string[], input?: object) => Promise<string>

/** A kubectl whose current namespace is the given one. `input` goes to its standard input, as JSON, for `-f -`. */
export async function kubectlIn(kubeconfigFile: string, namespace: string): Promise<Kubectl> {
  const command = await findKubectl({ env: process.env, onProgress: (line) => console.error(line) })
  return (args, input) =>
    new Promise((resolve, reject) => {
      const all = ['--kubeconfig', kubeconfigFile, '--namespace', namespace, ...args]
      const child = spawn(command, all, { stdio: ['pipe', 'pipe', 'pipe'] })
      const said = { stdout: '', stderr: '' }
      child.stdout.on('data', (text) => (said.stdout += String(text)))
      child.stderr.on('data', (text) => (said.stderr += String(text)))
      child.on('error', reject)
      child.on('close', (code) => {
        if (code === 0) resolve(said.stdout.trim())
        else reject(new Error(said.stderr.trim()))
      })
      child.stdin.end(input ? JSON.stringify(input) : undefined)
    })
}
