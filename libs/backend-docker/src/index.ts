export { createDockerBackend, type DockerOptions } from './backend.ts';
export { egressGateway } from './egress-gateway.ts';
