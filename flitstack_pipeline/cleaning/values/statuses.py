"""Status words to closed vocabularies (docs/contractor_plus.md#status-words).

Unknown words stay unknown: they keep their text, are listed, and wait for the value map.
"""

from __future__ import annotations

import re
from functools import lru_cache

from flitstack_pipeline.cleaning.values.accents import without_accents

_JOB = {
    "new": "new unscheduled pending nuevo nouveau unassigned not_started not_scheduled pendiente "
    "sin_programar non_planifie novo nova nao_agendado neu nicht_geplant ungeplant ny ej_planerad "
    "nieuw",
    "scheduled": "scheduled upcoming booked programado planifie agendado rescheduled re_scheduled "
    "reprogramado programada planifiee agendada geplant eingeplant terminiert planerad bokad "
    "gepland ingepland",
    "in_progress": "in_progress active started on_my_way en_progreso en_cours en_curso working "
    "ongoing en_route en_camino iniciado em_andamento in_arbeit in_bearbeitung laufend begonnen "
    "pagaende paborjad bezig",
    "on_hold": "on_hold paused postponed waiting en_espera en_attente hold "
    "suspended en_pausa en_pause pausado pausada pausiert wartend aguardando vilande pausad",
    "completed": "completed complete done closed finished completado terminado termine "
    "completada terminada terminee finalizado acheve finalizada concluido concluida erledigt "
    "abgeschlossen fertig fertiggestellt klar avslutad slutford voltooid afgerond",
    "cancelled": "cancelled canceled void cancelado annule cancelada annulee storniert abgesagt "
    "avbokad installd geannuleerd",
}
_ESTIMATE = {
    "draft": "draft new borrador brouillon not_sent no_enviado non_envoye",
    "sent": "sent pending awaiting awaiting_response viewed open unsigned enviado envoye "
    "not_signed awaiting_approval pending_approval waiting_for_approval pendiente en_attente",
    "approved": "approved accepted signed won aprobado approuve accepte aceptado firmado signe",
    "declined": "declined denied rejected lost rechazado refuse",
    "changes_requested": "changes_requested request_changes revision",
    "expired": "expired vencido expire",
    "converted": "invoiced converted copied_to_job sold facturado",
    "archived": "archived void cancelled canceled archivado archive annule cancelado",
}
_INVOICE = {
    "draft": "draft not_sent borrador brouillon entwurf rascunho utkast concept",
    "unpaid": "unpaid sent open awaiting awaiting_payment due viewed issued pendiente impaye "
    "not_paid no_pagado no_pagada sin_pagar non_paye non_payee pendiente_de_pago en_attente "
    "offen unbezahlt nicht_bezahlt em_aberto nao_pago nao_paga obetald ej_betald onbetaald",
    "partial": "partial partially_paid partly_paid deposit_paid parcial partiel "
    "teilbezahlt teilweise_bezahlt parcialmente_pago parcialmente_pagada delbetald",
    "paid": "paid settled closed paid_in_full pagado pagada paye payee bezahlt "
    "beglichen pago paga betald betaald",
    "overdue": "overdue past_due late vencida vencido en_retard "
    "uberfallig forfallen atrasada atrasado",
    "void": "void voided cancelled canceled anulada annulee annule cancelada storniert "
    "cancelado makulerad",
    "bad_debt": "bad_debt written_off write_off",
}
_LEAD = {
    "new": "new open lead_captured captured nuevo nouveau not_contacted",
    "contacted": "contacted initial_contact attempted contactado contacte",
    "estimate_scheduled": "estimate_scheduled scheduled appointment_set",
    "estimate_sent": "estimate_sent quoted proposal_sent",
    "won": "won converted deal_approved job_scheduled client",
    "lost": "lost dead unqualified not_interested closed_lost perdido perdu",
}
_KIND = {
    "note": "note notes comment nota",
    "call": "call phone_call phone inbound_call outbound_call incoming_call outgoing_call "
    "missed_call call_in call_out voicemail llamada appel",
    "email": "email e_mail mail inbound_email outbound_email incoming_email outgoing_email "
    "email_sent email_received sent_email received_email correo correo_electronico courriel",
    "meeting": "meeting site_visit appointment reunion visit cita rendez_vous",
    "sms": "sms text text_message message inbound_sms outbound_sms incoming_sms outgoing_sms "
    "sms_sent sms_received text_sent text_received inbound_text outbound_text incoming_text "
    "outgoing_text mensaje",
    "task": "task to_do todo reminder tarea tache",
}
_ITEM = {
    "labor": "labor labour hours",
    "material": "material materials product",
    "equipment": "equipment rental",
    "permit": "permit permits fee",
    "text": "text note",
    "assembly": "assembly group bundle",
    "other": "other misc service",
}


def _table(words: dict[str, str]) -> dict[str, str]:
    return {word: status for status, known in words.items() for word in known.split()}


VOCABULARIES: dict[str, dict[str, str]] = {
    "jobs": _table(_JOB),
    "work_orders": _table(_JOB),
    "estimates": _table(_ESTIMATE),
    "invoices": _table(_INVOICE),
    "leads": _table(_LEAD),
    "activities": _table(_KIND),
    "items": _table(_ITEM),
}


@lru_cache(maxsize=50_000)
def canonical(vocabulary: str, value: str | None) -> str | None:
    """The closed-vocabulary status of a word, or None when empty or unknown.

    The whole word is compared, so "unpaid" is never read as "paid"; "Paid?" is none. A word may be
    cut in two: `Un-scheduled`, `Over due`.
    """
    if not value or "?" in value:
        return None
    known, slug = VOCABULARIES[vocabulary], _slug(value)
    return known.get(slug) or known.get(slug.replace("_", ""))


def _slug(value: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", without_accents(value).casefold()).strip("_")
