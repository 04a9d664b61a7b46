/// <reference lib="dom" />
/** Chooses the TensorFlow.js backend for this browser. */
import * as tf from "@tensorflow/tfjs-core";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import "@tensorflow/tfjs-backend-webgl";
import "@tensorflow/tfjs-backend-webgpu";

/** Graphics cards emulated in software: WebAssembly is about ten times as fast. */
const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render/i;

/**
 * Sets up the fastest backend: WebGPU or WebGL on a graphics card, else WebAssembly.
 *
 * @param wanted The name of the backend to try first.
 * @returns the name of the backend in use
 */
export async function chooseBackend(wanted: string | null): Promise<string> {
  setWasmPaths("/wasm/");
  const names = [
    ...(wanted ? [wanted] : []),
    ...(await hasWebGpu() ? ["webgpu"] : []),
    ...(hasWebGl() ? ["webgl"] : []),
    "wasm",
    "cpu",
  ];
  for (const name of names) {
    if (await tf.setBackend(name).catch(() => false)) return name;
  }
  throw new Error("this browser supports neither WebGPU, WebGL nor WebAssembly");
}

async function hasWebGpu(): Promise<boolean> {
  const adapter = await navigator.gpu?.requestAdapter().catch(() => null);
  return !!adapter && !adapter.info.isFallbackAdapter && !SOFTWARE.test(adapter.info.description);
}

function hasWebGl(): boolean {
  const gl = new OffscreenCanvas(1, 1).getContext("webgl2");
  const names = gl?.getExtension("WEBGL_debug_renderer_info");
  return !!gl && !SOFTWARE.test(
    String(gl.getParameter(names ? names.UNMASKED_RENDERER_WEBGL : gl.RENDERER)),
  );
}
