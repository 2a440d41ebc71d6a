package ratelimit_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/ratelimit"
)

// V2.4.1 V6.1.1: the documented limits are the ones in force.
func TestDocumentedLimits(t *testing.T) {
	page, err := os.ReadFile("../../docs/limits.md")
	if err != nil {
		t.Fatal(err)
	}
	text := regexp.MustCompile(`(\d),(\d{3})`).ReplaceAllString(string(page), "$1$2")
	for _, l := range ratelimit.Defaults() {
		perHour := fmt.Sprintf("| `%s` | %d an hour | %d |", l.Name, time.Hour/l.Every, l.Burst)
		perMinute := fmt.Sprintf("| `%s` | %d a minute | %d |", l.Name, time.Minute/l.Every, l.Burst)
		if !strings.Contains(text, perHour) && !strings.Contains(text, perMinute) {
			t.Errorf("docs/limits.md lacks %s or %s", perHour, perMinute)
		}
	}
}
