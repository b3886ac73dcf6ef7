package main

// targets are the ratios to reach with one thread and with two, by workload.
var targets = map[string][2]float64{
	"matmul/64x64x64":       {1.25, 1.25},
	"matmul/512x512x512":    {0.95, 0.95},
	"matmul/1024x1024x1024": {0.95, 0.95},
	"matmul/2048x2048x2048": {0.95, 0.95},
	"matmul/4096x4096x4096": {0.95, 0.95},
	"matmul/64x256x784":     {1.1, 1.1},
	"matmul/128x2048x512":   {1.1, 1.1},

	"conv/N32C64H56K64_3x3s1/fwd":      {1.6, 1.6},
	"conv/N32C64H56K64_3x3s1/fwdbwd":   {1.35, 1.35},
	"conv/N32C256H14K256_3x3s1/fwd":    {1.25, 1.25},
	"conv/N32C256H14K256_3x3s1/fwdbwd": {1.25, 1.25},
	"conv/N32C3H224K64_7x7s2/fwd":      {1.15, 1.15},
	"conv/N32C3H224K64_7x7s2/fwdbwd":   {1.15, 1.15},
	"conv/N32C256H56K64_1x1s1/fwd":     {1.6, 1.6},
	"conv/N32C256H56K64_1x1s1/fwdbwd":  {1.6, 1.6},

	"add/10000000":                 {1.15, 1.15},
	"exp/10000000":                 {1, 1},
	"tanh/10000000":                {4, 4},
	"gelu/10000000":                {2.5, 2.5},
	"softmax_fwdbwd/4096x1024":     {1.4, 1.4},
	"layer_norm_fwdbwd/4096x1024":  {1.4, 1.4},
	"batchnorm2d/N32C64H56/fwdbwd": {2, 2},
	"maxpool2x2/N32C64H56/fwd":     {10, 10},

	"train/mlp_a_784-512-256-10_b64_adam":                 {1.3, 1.3},
	"train/mlp_b_4-64-64-2_b32_adam":                      {11, 11},
	"train/lenet_c_28x28_b64_sgdm":                        {2.5, 2.5},
	"train/resnet18_d_cifar_b32_sgdm":                     {1.3, 1.3},
	"train/lstm_e_h256_in128_seq50_b32_adam":              {1.6, 1.6},
	"train/gru_e_h256_in128_seq50_b32_adam":               {1.6, 1.6},
	"train/transformer_f_L4_d256_h4_ff1024_s128_b16_adam": {1.15, 1.2},
	"train/gpt_g_L6_d384_h6_ctx256_b8_adamw":              {1.15, 1.3},
	"train/dcgan_h_64x64_b16_adam":                        {1.3, 1.3},
	"train/gcn_i_cora_h16_adam":                           {2.5, 2.5},
	"train/vae_j_784-400-20_b128_adam":                    {1.5, 1.5},
	"train/unet_k_32-512_128x128_b4_adam":                 {1.9, 1.9},
	"recipe/resnet18_cifar_b32_crop_flip_sgdm":            {1.3, 1.3},
	"recipe/resnet18_half_fashion_b128_crop_flip_sgdm":    {1.3, 1.3},
	"recipe/vgg11_bn_half_fashion_b128_crop_flip_sgdm":    {1.3, 1.3},
	"recipe/unet_32-512_128x128_b4_flip_adam":             {1.9, 1.9},

	"infer/mlp_b_4-64-64-2_b1": {11, 11},
	"infer/resnet18_224_b1":    {1.3, 1.3},
	"infer/bert_base_s128_b1":  {1.2, 1.2},
}

// fractions are those of the machine's peak to reach with one thread and with two.
var fractions = map[string][2]float64{
	"matmul/64x64x64":       {0.9, 0},
	"matmul/512x512x512":    {0.9, 0.88},
	"matmul/1024x1024x1024": {0.9, 0.88},
	"matmul/2048x2048x2048": {0.9, 0.88},
	"matmul/4096x4096x4096": {0.9, 0.88},
}

// targetOf returns the ratio and the fraction of the peak that a workload should reach, 0 where none is set.
func targetOf(name string, threads int) (ratio, fraction float64) {
	if threads < 1 || threads > 2 {
		return 0, 0
	}
	return targets[name][threads-1], fractions[name][threads-1]
}
