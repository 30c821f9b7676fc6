/** What TensorFlow is told when it is loaded to compute on a card: by variables, and by its ConfigProto. */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { EngineGpu } from '../../contract/run-spec.js';
import { idsIn } from './visible.js';

const MIB = 1024 ** 2;

/**
 * Of TensorFlow 2.21: `TF_DETERMINISTIC_OPS` (tensorflow/core/util/determinism.cc, xla/tsl/util/determinism.cc) chooses
 * kernels that give the same bits each time, refuses operations that have none, and turns autotuning off;
 * `TF_CUDNN_DETERMINISTIC` does the same for cuDNN's convolutions (xla/stream_executor/cuda/cuda_dnn.cc).
 */
const DETERMINISTIC = {
  TF_DETERMINISTIC_OPS: '1',
  TF_CUDNN_DETERMINISTIC: '1',
} as const;

/**
 * @param env what the user has set: memory growth, which changes nothing of what comes out, and CUDA_VISIBLE_DEVICES, of whose
 *   cards a number of devices takes the first
 */
export function gpuVariables(gpu: EngineGpu | undefined, env: NodeJS.ProcessEnv): Record<string, string> {
  return {
    TF_FORCE_GPU_ALLOW_GROWTH: env.TF_FORCE_GPU_ALLOW_GROWTH ?? 'true',
    // Cards are then numbered as nvidia-smi numbers them.
    CUDA_DEVICE_ORDER: 'PCI_BUS_ID',
    ...(gpu?.deterministic === false ? {} : DETERMINISTIC),
    ...visibleDevices(env.CUDA_VISIBLE_DEVICES, gpu?.devices),
  };
}

function visibleDevices(
  given: string | undefined,
  devices: EngineGpu['devices'] = 'all',
): Record<string, string> {
  if (devices === 'all') return {};
  const ids =
    typeof devices === 'object'
      ? devices
      : given === undefined
        ? Array.from({ length: devices }, (_, id) => String(id))
        : idsIn(given).slice(0, devices);
  return { CUDA_VISIBLE_DEVICES: ids.join(',') };
}

/**
 * A serialized tensorflow.ConfigProto. Field numbers are those of tensorflow/core/protobuf/config.proto:
 * ConfigProto.gpu_options 6 and .allow_soft_placement 7, GPUOptions.allow_growth 4 and .experimental 9,
 * GPUOptions.Experimental.virtual_devices 1, VirtualDevices.memory_limit_mb 1.
 */
export function sessionConfig(gpu: EngineGpu | undefined): Uint8Array {
  const limit = gpu?.memoryLimitBytes;
  const options = message((w) => {
    w.tag(4, WireType.Varint).bool(true);
    if (limit === undefined) return;
    const devices = message((d) => d.tag(1, WireType.LengthDelimited).bytes(floats([limit / MIB])));
    const experimental = message((e) => e.tag(1, WireType.LengthDelimited).bytes(devices));
    w.tag(9, WireType.LengthDelimited).bytes(experimental);
  });
  return message((w) => {
    w.tag(6, WireType.LengthDelimited).bytes(options);
    // What has no kernel for cards is computed on the processor, as in TensorFlow for Python.
    w.tag(7, WireType.Varint).bool(true);
  });
}

function message(write: (writer: BinaryWriter) => void): Uint8Array {
  const writer = new BinaryWriter();
  write(writer);
  return writer.finish();
}

/** Packed, as proto3 has repeated numbers. */
const floats = (values: readonly number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);
