package api

import "github.com/mortise-auth/mortise/internal/web"

func (s *surface) documents() []web.Route { return nil }
