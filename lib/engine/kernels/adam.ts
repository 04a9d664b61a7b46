/** Implements Adam with one native op per weight; tfjs runs twelve. */
import type {
  NamedTensorMap,
  Optimizer,
  serialization,
  Tensor,
  Variable,
} from "@tensorflow/tfjs-node";
import { tf } from "../tensorflow.ts";
import { attribute, FLOAT, runOp, runOpOutputs } from "../native_ops.ts";

/** The constants of Adam. */
export interface AdamOptions {
  /** @default 0.001 */
  learningRate?: number;
  /** Decay of the first moment. @default 0.9 */
  beta1?: number;
  /** Decay of the second moment. @default 0.999 */
  beta2?: number;
  /** Added to the root of the second moment. @default 1e-7 */
  epsilon?: number;
}

type NamedTensor = Awaited<ReturnType<Optimizer["getWeights"]>>[number];

/** The optimizer's state of one weight: handles of native variables. */
interface Slot {
  name: string;
  /** A native copy of the weight, and the value that it holds; made at the first step. */
  weight?: { handle: Tensor; holds: Variable["dataId"] };
  m: Tensor;
  v: Tensor;
}

/**
 * Computes the same steps as the Adam of tfjs, up to rounding. Its state has the same names and order.
 *
 * Source: Kingma and Ba, 2015, algorithm 1, https://arxiv.org/abs/1412.6980, through TensorFlow's
 * ResourceApplyAdam, whose epsilon is the paper's "epsilon hat": it is rescaled at each step.
 */
export class NativeAdam extends tf.Optimizer {
  /** May be changed between steps. */
  learningRate: number;
  readonly #options: Required<AdamOptions>;
  readonly #decay1: Decay;
  readonly #decay2: Decay;
  #slots: Slot[] = [];
  #snapshot: NamedTensor[] = [];

  /** The name in models that tf.layers saves. */
  static get className(): string {
    return "Adam";
  }

  constructor(
    { learningRate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7 }: AdamOptions = {},
  ) {
    super();
    for (const [name, value] of Object.entries({ learningRate, epsilon })) {
      if (!(value > 0)) throw new RangeError(`${name} must be a positive number, got ${value}`);
    }
    for (const [name, value] of Object.entries({ beta1, beta2 })) {
      if (!(value >= 0 && value < 1)) {
        throw new RangeError(`${name} must be in [0, 1), got ${value}`);
      }
    }
    this.learningRate = learningRate;
    this.#options = { learningRate, beta1, beta2, epsilon };
    this.#decay1 = new Decay(beta1);
    this.#decay2 = new Decay(beta2);
  }

  /** Takes one step. Changes the variables of those names in place. */
  override applyGradients(gradients: NamedTensorMap | NamedTensor[]): void {
    const list = Array.isArray(gradients)
      ? gradients
      : Object.entries(gradients).map(([name, tensor]) => ({ name, tensor }));
    this.incrementIterations();
    this.#decay1.step();
    this.#decay2.step();
    const { beta1, beta2, epsilon } = this.#options;
    const correction = Math.sqrt(this.#decay2.correction);
    const rate = this.learningRate * correction / this.#decay1.correction;
    tf.tidy(() => {
      // The op would correct the rate by these powers; the code above does so in doubles.
      const powers = [tf.scalar(0), tf.scalar(0)];
      const scalars = [rate, beta1, beta2, epsilon * correction].map((value) => tf.scalar(value));
      for (const [index, { name, tensor }] of list.entries()) {
        if (tensor == null) continue; // as in tfjs: the loss does not depend on this weight
        const variable = tf.engine().registeredVariables[name]!;
        const slot = this.#slots[index] ??= makeSlot(name, variable);
        updateInPlace(variable, slot, (weight) => {
          const inputs = [weight, slot.m, slot.v, ...powers, ...scalars, tensor];
          runOpOutputs("ResourceApplyAdam", [FLOAT], inputs, 0);
        });
      }
    });
  }

  /**
   * Reads the step count and both moments of every weight: `iter`, each `<weight>/m`, then each `<weight>/v`.
   *
   * @returns tensors that the optimizer disposes at the next call, or when it is disposed
   */
  override async getWeights(): Promise<NamedTensor[]> {
    tf.dispose(this.#snapshot.map(({ tensor }) => tensor));
    const read = (moment: "m" | "v") =>
      this.#slots.map((slot) => ({
        name: `${slot.name}/${moment}`,
        tensor: tf.keep(runOp("ReadVariableOp", [attribute.type("dtype")], [slot[moment]])),
      }));
    return this.#snapshot = [await this.saveIterations(), ...read("m"), ...read("v")];
  }

  /**
   * Restores a state from {@linkcode getWeights}. Weights are identified by their order.
   *
   * @throws {RangeError} if `state` is not one step count and two moments per weight
   */
  override async setWeights(state: NamedTensor[]): Promise<void> {
    if (state.length % 2 === 0) {
      throw new RangeError(
        `state must be a step count and two tensors per weight, got ${state.length} tensors`,
      );
    }
    const moments = await this.extractIterations(state);
    this.#decay1.goTo(this.iterations);
    this.#decay2.goTo(this.iterations);
    const weights = moments.length / 2;
    this.#freeSlots();
    this.#slots = moments.slice(0, weights).map(({ name, tensor }, index) => ({
      name: name.replace(/\/m$/, ""),
      m: makeNativeVariable(tensor),
      v: makeNativeVariable(moments[weights + index]!.tensor),
    }));
  }

  override dispose(): void {
    tf.dispose(this.#snapshot.map(({ tensor }) => tensor));
    this.#snapshot = [];
    this.#freeSlots();
  }

  getConfig(): serialization.ConfigDict {
    return { ...this.#options, learningRate: this.learningRate };
  }

  #freeSlots(): void {
    for (const { weight, m, v } of this.#slots) {
      for (const handle of weight ? [weight.handle, m, v] : [m, v]) {
        runOpOutputs("DestroyResourceOp", [], [handle], 0);
        handle.dispose();
      }
    }
    this.#slots = [];
  }
}

/**
 * Computes the bias correction of a moment after a number of steps, rounded as in tfjs. In doubles, the first
 * steps differ by 2e-5, which grows to several percent within twenty steps.
 */
class Decay {
  readonly #beta: number;
  #power = 1;

  constructor(beta: number) {
    this.#beta = beta;
  }

  step(): void {
    this.#power = Math.fround(this.#power * Math.fround(this.#beta));
  }

  goTo(iterations: number): void {
    this.#power = raise(this.#beta, iterations);
  }

  get correction(): number {
    // The op computes the weight 1 - beta in floats; tfjs computes it in doubles and rounds it.
    const weight = (1 - Math.fround(this.#beta)) / Math.fround(1 - this.#beta);
    return weight * Math.fround(1 - this.#power);
  }
}

/** Computes the power by repeated multiplication in floats. */
function raise(beta: number, steps: number): number {
  let power = 1;
  for (let i = 0; i < steps; i++) power = Math.fround(power * Math.fround(beta));
  return power;
}

/** The Adam of tfjs, restored from a state bit for bit: tfjs rounds the powers differently, by `tf.pow`. */
export class StockAdam extends tf.AdamOptimizer {
  override async setWeights(state: NamedTensor[]): Promise<void> {
    await super.setWeights(state);
    const powers = this as unknown as { accBeta1: Variable; accBeta2: Variable };
    tf.tidy(() => {
      powers.accBeta1.assign(tf.scalar(raise(this.beta1, this.iterations + 1)));
      powers.accBeta2.assign(tf.scalar(raise(this.beta2, this.iterations + 1)));
    });
  }
}

function makeSlot(name: string, variable: Variable): Slot {
  const zeros = () => tf.tidy(() => makeNativeVariable(tf.zerosLike(variable)));
  return { name, m: zeros(), v: zeros() };
}

/** Creates a native variable with this value; the caller destroys and disposes it. */
function makeNativeVariable(value: Tensor): Tensor {
  const handle = tf.keep(runOp("VarHandleOp", [
    attribute.type("dtype"),
    attribute.shape("shape", value.shape),
    attribute.string("container", ""),
    attribute.string("shared_name", ANONYMOUS),
  ], []));
  assign(handle, value);
  return handle;
}

/** TensorFlow's name for a variable that is not shared. */
const ANONYMOUS = "cd2c89b7-88b7-44c8-ad83-06c2a9158347";

function assign(handle: Tensor, value: Tensor): void {
  runOpOutputs("AssignVariableOp", [attribute.type("dtype")], [handle, value], 0);
}

/**
 * Runs `update` on the native variable of this weight, and assigns the new value to the weight. The old value
 * is released first: otherwise TensorFlow copies it, which takes a third of the time.
 */
function updateInPlace(variable: Variable, slot: Slot, update: (handle: Tensor) => void): void {
  if (!slot.weight) {
    slot.weight = { handle: makeNativeVariable(variable), holds: variable.dataId };
  } else if (slot.weight.holds !== variable.dataId) assign(slot.weight.handle, variable);
  const engine = tf.engine();
  engine.disposeTensor(variable);
  update(slot.weight.handle);
  const value = runOp("ReadVariableOp", [attribute.type("dtype")], [slot.weight.handle]);
  variable.dataId = slot.weight.holds = value.dataId;
  engine.incRef(variable, tf.backend());
  value.dispose();
}
