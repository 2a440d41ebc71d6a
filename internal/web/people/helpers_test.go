package people_test

import (
	"strconv"
	"testing"
	"time"
)

func seconds(t *testing.T, s string) time.Duration {
	t.Helper()
	n, err := strconv.Atoi(s)
	must(t, err)
	return time.Duration(n) * time.Second
}
