/** Replaces kernels, gradients and layer calls of tfjs-node, and restores them. */
import type { GradConfig, KernelConfig } from "@tensorflow/tfjs-node";
import { tf } from "../tensorflow.ts";
import type { LayerCall } from "./layers.ts";

export const BACKEND = "tensorflow";

/** Replaces the kernel and gradient of this name; the returned function restores the old ones. */
export function replaceKernel(
  { kernel, gradient }: { kernel: KernelConfig; gradient: GradConfig },
): () => void {
  const name = kernel.kernelName;
  const before = { kernel: tf.getKernel(name, BACKEND), gradient: tf.getGradient(name) };
  if (before.kernel) tf.unregisterKernel(name, BACKEND);
  if (before.gradient) tf.unregisterGradient(name);
  tf.registerKernel(kernel);
  tf.registerGradient(gradient);
  return () => {
    tf.unregisterKernel(name, BACKEND);
    tf.unregisterGradient(name);
    if (before.kernel) tf.registerKernel(before.kernel);
    if (before.gradient) tf.registerGradient(before.gradient);
  };
}

/** Registers the kernel, and replaces `call` in the layer's class, or in the base class that defines it. */
export function replaceLayer(
  layer: object,
  makeCall: (stock: LayerCall) => LayerCall,
  kernel: { kernel: KernelConfig; gradient: GradConfig },
): () => void {
  const restoreKernel = replaceKernel(kernel);
  let prototype = Object.getPrototypeOf(layer);
  while (!Object.hasOwn(prototype, "call")) prototype = Object.getPrototypeOf(prototype);
  const stock: LayerCall = prototype.call;
  prototype.call = makeCall(stock);
  return () => {
    prototype.call = stock;
    restoreKernel();
  };
}
