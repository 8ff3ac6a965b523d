/** Port of a session pod's control listener on its loopback interface: what `kubectl wa` forwards to. */
export const CONTROL_PORT = 8082
