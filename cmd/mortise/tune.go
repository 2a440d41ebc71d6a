package main

import (
	"os"
	"runtime"
	"time"

	"github.com/mortise-auth/mortise/cmd/mortise/internal/settings"
	"github.com/mortise-auth/mortise/internal/footprint"
	"github.com/mortise-auth/mortise/internal/password"
)

// working is what the collector must leave room for beside the hashes.
const working = 16 << 20

// tune bounds the collector's head-room, unless the environment does.
func tune(p settings.Password) *footprint.Collector {
	limits := memoryLimits(p, runtime.GOMAXPROCS(0))
	switch {
	case os.Getenv("GOGC") != "":
		return nil
	case os.Getenv("GOMEMLIMIT") != "":
		limits = footprint.Limits{}
	}
	return footprint.Collect(limits, time.Now)
}

// memoryLimits are what the process needs while it remembers little: under a crowd
// each hash under way beside one that waits to be collected; else some more of
// these, so that most hashes start no collection.
func memoryLimits(p settings.Password, cores int) footprint.Limits {
	hashes := int64(p.MemoryMiB) << 20
	if hashes == 0 {
		hashes = int64(max(1, cores-1)) * int64(password.DefaultParameters().MemoryKiB) << 10
	}
	return footprint.Limits{Crowded: working + 2*hashes, Spent: max(1, cores-1), Calm: working + 5*hashes}
}
