package httpapi

import "github.com/evaultlib/evault/esign"

func (a *API) compliant(s *esign.Summary) *bool { return s.Compliant }
