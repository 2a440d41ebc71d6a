package footprint

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const maps = `00400000-01375000 r-xp 00000000 fe:00 10 /opt/mortise
Rss:               13520 kB
Private_Clean:         0 kB
Private_Dirty:         0 kB
01375000-0247b000 r--p 00f75000 fe:00 10 /opt/mortise
Private_Dirty:         4 kB
0247b000-02564000 rw-p 0207b000 fe:00 10 /opt/mortise
Private_Dirty:         0 kB
03000000-03001000 r--p 00000000 fe:00 11 /opt/other
Private_Dirty:         0 kB
04000000-04001000 r--p 00000000 fe:00 10 /opt/mortise (deleted)
Private_Dirty:         0 kB
05000000-05001000 r--p 00000000 00:00 0 
Private_Dirty:         0 kB
`

// Only pages that are the file's own are forgotten: a written page, a writable
// mapping and other files stay.
func TestCleanMappings(t *testing.T) {
	got, err := cleanMappings(strings.NewReader(maps), "/opt/mortise")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]mapping{{0x400000, 0x1375000}}, got, cmp.AllowUnexported(mapping{})); diff != "" {
		t.Error(diff)
	}
}

// What was forgotten is there again when it is needed.
func TestSettle(t *testing.T) {
	for range 3 {
		if err := Settle(); err != nil {
			t.Fatal(err)
		}
		TestCleanMappings(t)
	}
}
