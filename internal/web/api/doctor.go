package api

import (
	"context"

	"github.com/mortise-auth/mortise/internal/instance"
	"github.com/mortise-auth/mortise/internal/web"
)

func (s *surface) doctorTable() []endpoint {
	return []endpoint{route(s, endpoint{
		Method: "GET", Path: "/doctor", Access: web.Admin, Tag: "Instance", Name: "doctor", Summary: "Look for what is wrong",
		Text: "As far as the server sees it; mortise doctor on the host adds files and settings.",
	}, s.doctor)}
}

// Checkup is what was found.
type Checkup struct {
	Findings []DoctorFinding `json:"findings"`
}

// DoctorFinding is one thing that was found.
type DoctorFinding struct {
	Number   string            `json:"number" doc:"MD-1 and so on, as in docs/doctor.md."`
	Severity instance.Severity `json:"severity" enum:"problem,notice"`
	Title    string            `json:"title"`
	Cause    string            `json:"cause"`
	Evidence string            `json:"evidence" doc:"What was seen."`
	Fix      string            `json:"fix" doc:"A command, or what to do."`
}

func (s *surface) doctor(ctx context.Context, _ *Call, _ struct{}) (Checkup, error) {
	found, err := s.Doctor(ctx)
	out := Checkup{Findings: make([]DoctorFinding, 0, len(found))}
	for _, f := range found {
		out.Findings = append(out.Findings, DoctorFinding(f))
	}
	return out, err
}
