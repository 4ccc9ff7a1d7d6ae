package scale_test

import (
	"testing"

	"trip2g/bench/scale"
)

// An unmeasured figure would appear in the table as a very good one.
func TestMeasureMeasuresEverything(t *testing.T) {
	result, err := scale.Measure(t.Context(), scale.Options{Root: "../..", Dir: t.TempDir(), Sizes: []int{5, 40}, Rounds: 1})
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range map[string][]float64{
		"forwarding: leader": result.Forwarding.Leader, "replica": result.Forwarding.Replica, "proxy": result.Forwarding.Proxy,
	} {
		checkPositive(t, name, values)
	}
	if len(result.Sizes) != 2 || result.Sizes[0].Notes != 5 || result.Sizes[1].Notes != 40 {
		t.Fatalf("asked for 5 and 40 notes, got %+v", result.Sizes)
	}
	for _, size := range result.Sizes {
		checkSize(t, size)
	}
	for _, row := range result.Section().Rows {
		if len(row.Figures)+len(row.Claims) == 0 {
			t.Errorf("the row %q tells no figure", row.Name)
		}
	}
}

func checkSize(t *testing.T, size scale.Size) {
	t.Helper()
	for name, values := range map[string][]float64{
		"acknowledged": size.Change.Acknowledged, "visible": size.Change.Visible, "visible in the smallest": size.Reference.Visible,
		"wire": size.Change.Wire, "server": size.Change.ServerCPU, "LiteFS": size.Change.LiteFSCPU,
	} {
		checkPositive(t, name, values)
	}
	if len(size.Start.ToReady) == 0 || size.Start.ToReady[0] <= 0 {
		t.Errorf("%d notes: times to ready are %v", size.Notes, size.Start.ToReady)
	}
	for name, value := range map[string]int64{
		"text": size.Text, "published": int64(size.Published.All), "one changed": int64(size.Published.OneChanged),
		"empty": size.Start.Empty, "cold": size.Start.Cold, "warm": size.Start.Warm,
	} {
		if value <= 0 {
			t.Errorf("%d notes: %s is %d", size.Notes, name, value)
		}
	}
	if size.Change.Visible[0] < size.Change.Acknowledged[0] {
		t.Errorf("%d notes: replicas showed a change in %.1f ms, before the leader answered in %.1f ms", size.Notes, size.Change.Visible[0], size.Change.Acknowledged[0])
	}
}

func checkPositive(t *testing.T, name string, values []float64) {
	t.Helper()
	if len(values) != 1 || values[0] <= 0 {
		t.Errorf("%s: %v after one round", name, values)
	}
}
