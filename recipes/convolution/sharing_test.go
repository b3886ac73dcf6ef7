package convolution

import "testing"

// What row F01 claims exactly holds where MNIST-1D is not at hand too.
func TestSharing(t *testing.T) {
	if d := toeplitz(); !(d <= 1e-10) {
		t.Errorf("a convolution and the dense layer with the Toeplitz weights differ by %g", d)
	}
	if circular, zeros := equivariance(); !circular || zeros {
		t.Errorf("moved results of moved pictures: %v with circular padding, %v with zeros; want true and false", circular, zeros)
	}
}
