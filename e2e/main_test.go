package e2e

import (
	"os"
	"testing"

	"trip2g/e2e/internal/stack"
)

func TestMain(m *testing.M) { os.Exit(stack.Main(m)) }
