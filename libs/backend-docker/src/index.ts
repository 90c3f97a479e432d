export { createDockerBackend, type DockerOptions } from './backend.ts';
