/**
 * The wheels of the engine for GPUs: TensorFlow with CUDA 12, and NVIDIA's libraries as `pip install
 * tensorflow[and-cuda]` chose them on 26 November 2026, but for what training does not open. docs/gpu.md says what is
 * left out, and how that was seen.
 */
import { TENSORFLOW_VERSION } from '../engine.js';
import { CPYTHON_312, type PinnedPart, type PinnedWheel } from './wheels.js';

/** CUDA's libraries are of no Python. */
const ANY_PYTHON = { pythonVersion: '3', implementation: 'py', abi: 'none' } as const;

const LINUX_X64_PARTS: readonly PinnedPart[] = [
  {
    project: 'nvidia-cuda-runtime-cu12',
    version: '12.9.79',
    title: 'the CUDA runtime 12.9.79',
    tags: { ...ANY_PYTHON, platform: 'manylinux2014_x86_64' },
    fileName: 'nvidia_cuda_runtime_cu12-12.9.79-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
    bytes: 3_493_179,
    sha256: '25bba2dfb01d48a9b59ca474a1ac43c6ebf7011f1b0b8cc44f54eb6ac48a96c3',
    keeps: {
      'nvidia/cuda_runtime/lib/libcudart.so.12': 'nvidia/cuda_runtime/lib/libcudart.so.12',
      'nvidia_cuda_runtime_cu12-12.9.79.dist-info/licenses/License.txt': 'nvidia/cuda_runtime/License.txt',
    },
    keptBytes: 800_350,
  },
  {
    project: 'nvidia-cublas-cu12',
    version: '12.9.3.13',
    title: 'cuBLAS 12.9.3.13',
    tags: { ...ANY_PYTHON, platform: 'manylinux_2_27_x86_64' },
    fileName: 'nvidia_cublas_cu12-12.9.3.13-py3-none-manylinux_2_27_x86_64.whl',
    bytes: 581_217_458,
    sha256: 'd7d51055f161b317c7105ddaae90e71eda059026074ffef93cf7cde2886bfe72',
    keeps: {
      'nvidia/cublas/lib/libcublas.so.12': 'nvidia/cublas/lib/libcublas.so.12',
      'nvidia/cublas/lib/libcublasLt.so.12': 'nvidia/cublas/lib/libcublasLt.so.12',
      'nvidia_cublas_cu12-12.9.3.13.dist-info/licenses/License.txt': 'nvidia/cublas/License.txt',
    },
    keptBytes: 854_369_854,
  },
  {
    project: 'nvidia-cudnn-cu12',
    version: '9.28.0.42',
    title: 'cuDNN 9.28.0.42',
    tags: { ...ANY_PYTHON, platform: 'manylinux_2_27_x86_64' },
    fileName: 'nvidia_cudnn_cu12-9.28.0.42-py3-none-manylinux_2_27_x86_64.whl',
    bytes: 716_538_495,
    sha256: '9ff58b7f36dacd0a93e89f8f2957b52466889217963701daa15e577317cfa375',
    keeps: {
      'nvidia/cudnn/lib/libcudnn.so.9': 'nvidia/cudnn/lib/libcudnn.so.9',
      'nvidia/cudnn/lib/libcudnn_cnn.so.9': 'nvidia/cudnn/lib/libcudnn_cnn.so.9',
      'nvidia/cudnn/lib/libcudnn_engines_precompiled.so.9':
        'nvidia/cudnn/lib/libcudnn_engines_precompiled.so.9',
      'nvidia/cudnn/lib/libcudnn_engines_runtime_compiled.so.9':
        'nvidia/cudnn/lib/libcudnn_engines_runtime_compiled.so.9',
      'nvidia/cudnn/lib/libcudnn_engines_tensor_ir.so.9': 'nvidia/cudnn/lib/libcudnn_engines_tensor_ir.so.9',
      'nvidia/cudnn/lib/libcudnn_ext.so.9': 'nvidia/cudnn/lib/libcudnn_ext.so.9',
      'nvidia/cudnn/lib/libcudnn_graph.so.9': 'nvidia/cudnn/lib/libcudnn_graph.so.9',
      'nvidia/cudnn/lib/libcudnn_heuristic.so.9': 'nvidia/cudnn/lib/libcudnn_heuristic.so.9',
      'nvidia/cudnn/lib/libcudnn_ops.so.9': 'nvidia/cudnn/lib/libcudnn_ops.so.9',
      'nvidia_cudnn_cu12-9.28.0.42.dist-info/licenses/License.txt': 'nvidia/cudnn/License.txt',
    },
    keptBytes: 929_507_366,
  },
  {
    project: 'nvidia-cufft-cu12',
    version: '11.4.1.4',
    title: 'cuFFT 11.4.1.4',
    tags: { ...ANY_PYTHON, platform: 'manylinux2014_x86_64' },
    fileName: 'nvidia_cufft_cu12-11.4.1.4-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
    bytes: 200_877_592,
    sha256: 'c67884f2a7d276b4b80eb56a79322a95df592ae5e765cf1243693365ccab4e28',
    keeps: {
      'nvidia/cufft/lib/libcufft.so.11': 'nvidia/cufft/lib/libcufft.so.11',
      'nvidia_cufft_cu12-11.4.1.4.dist-info/licenses/License.txt': 'nvidia/cufft/License.txt',
    },
    keptBytes: 291_567_190,
  },
  {
    project: 'nvidia-cusolver-cu12',
    version: '11.7.5.82',
    title: 'cuSOLVER 11.7.5.82',
    tags: { ...ANY_PYTHON, platform: 'manylinux_2_27_x86_64' },
    fileName: 'nvidia_cusolver_cu12-11.7.5.82-py3-none-manylinux_2_27_x86_64.whl',
    bytes: 338_117_415,
    sha256: '15da72d1340d29b5b3cf3fd100e3cd53421dde36002eda6ed93811af63c40d88',
    // Where the library that opens it looks; its own folder is not among those (TensorFlow 2.21.0).
    keeps: {
      'nvidia/cusolver/lib/libcusolver.so.11': 'nvidia/cublas/lib/libcusolver.so.11',
      'nvidia_cusolver_cu12-11.7.5.82.dist-info/licenses/License.txt': 'nvidia/cusolver/License.txt',
    },
    keptBytes: 302_083_414,
  },
  {
    project: 'nvidia-cusparse-cu12',
    version: '12.5.10.65',
    title: 'cuSPARSE 12.5.10.65',
    tags: { ...ANY_PYTHON, platform: 'manylinux2014_x86_64' },
    fileName: 'nvidia_cusparse_cu12-12.5.10.65-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
    bytes: 366_465_088,
    sha256: '73060ce019ac064a057267c585bf1fd5a353734151f87472ff02b2c5c9984e78',
    keeps: {
      'nvidia/cusparse/lib/libcusparse.so.12': 'nvidia/cusparse/lib/libcusparse.so.12',
      'nvidia_cusparse_cu12-12.5.10.65.dist-info/licenses/License.txt': 'nvidia/cusparse/License.txt',
    },
    keptBytes: 486_615_630,
  },
  {
    project: 'nvidia-nvjitlink-cu12',
    version: '12.9.86',
    title: 'nvJitLink 12.9.86',
    tags: { ...ANY_PYTHON, platform: 'manylinux2010_x86_64' },
    fileName: 'nvidia_nvjitlink_cu12-12.9.86-py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64.whl',
    bytes: 39_748_338,
    sha256: 'e3f1171dbdc83c5932a45f0f4c99180a70de9bd2718c1ab77d14104f6d7147f9',
    keeps: {
      'nvidia/nvjitlink/lib/libnvJitLink.so.12': 'nvidia/nvjitlink/lib/libnvJitLink.so.12',
      'nvidia_nvjitlink_cu12-12.9.86.dist-info/licenses/License.txt': 'nvidia/nvjitlink/License.txt',
    },
    keptBytes: 95_994_606,
  },
  {
    project: 'nvidia-cuda-nvrtc-cu12',
    version: '12.9.86',
    title: 'NVRTC 12.9.86',
    tags: { ...ANY_PYTHON, platform: 'manylinux2010_x86_64' },
    fileName: 'nvidia_cuda_nvrtc_cu12-12.9.86-py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64.whl',
    bytes: 89_568_129,
    sha256: '210cf05005a447e29214e9ce50851e83fc5f4358df8b453155d5e1918094dcb4',
    keeps: {
      'nvidia/cuda_nvrtc/lib/libnvrtc-builtins.so.12.9': 'nvidia/cuda_nvrtc/lib/libnvrtc-builtins.so.12.9',
      'nvidia/cuda_nvrtc/lib/libnvrtc.so.12': 'nvidia/cuda_nvrtc/lib/libnvrtc.so.12',
      'nvidia_cuda_nvrtc_cu12-12.9.86.dist-info/licenses/License.txt': 'nvidia/cuda_nvrtc/License.txt',
    },
    keptBytes: 113_506_502,
  },
];

export const GPU_WHEELS: Readonly<Record<string, PinnedWheel>> = {
  'linux-x64': {
    project: 'tensorflow',
    version: TENSORFLOW_VERSION,
    title: `TensorFlow ${TENSORFLOW_VERSION} with CUDA`,
    tags: { ...CPYTHON_312, platform: 'manylinux_2_27_x86_64' },
    fileName: 'tensorflow-2.21.0-cp312-cp312-manylinux_2_27_x86_64.whl',
    bytes: 572_611_111,
    sha256: 'b3b95643c4e70eb925839938fb35cbe142f317ec84af6844ee61513713bb13c0',
    peakBytes: 6_300_000_000,
    // It trained on one card (docs/gpu.md); nothing repeats that with each change.
    proved: false,
    parts: LINUX_X64_PARTS,
  },
};
