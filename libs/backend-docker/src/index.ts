export { createDockerBackend, type DockerOptions } from './backend.ts';
export { egressGateway } from './egress-gateway.ts';
export {
  createDockerImages,
  type BuiltImage,
  type DockerImages,
  type WantedImage,
} from './images/docker-images.ts';
export type { Prunable } from './images/find-prunable.ts';
export { imageNames } from './images/image-files.ts';
export { imageTag, type BuildInputs, type DigestedFile } from './images/image-tag.ts';
export type { ListedImage } from './images/mark-current.ts';
export type { OurImage } from './images/our-images.ts';
