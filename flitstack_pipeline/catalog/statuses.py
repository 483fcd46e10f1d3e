"""Closed words of statuses and kinds, each followed by its other spellings, in any language.

A spelling is in lower case, without accents, its words joined by `_`
(docs/contractor_plus.md#status-words). Belongs here: the words. Does not: reading them
(`cleaning.values.statuses`), and what one account declares (`FLITSTACK_CATALOG`).
"""

from __future__ import annotations

WORK: tuple[str, ...] = (
    "new unscheduled pending nuevo nouveau unassigned not_started not_scheduled pendiente "
    "sin_programar non_planifie novo nova nao_agendado neu nicht_geplant ungeplant ny "
    "ej_planerad nieuw",
    "scheduled upcoming booked programado planifie agendado rescheduled re_scheduled "
    "reprogramado programada planifiee agendada geplant eingeplant terminiert planerad bokad "
    "gepland ingepland",
    "in_progress active started on_my_way en_progreso en_cours en_curso working ongoing "
    "en_route en_camino iniciado em_andamento in_arbeit in_bearbeitung laufend begonnen "
    "pagaende paborjad bezig",
    "on_hold paused postponed waiting en_espera en_attente hold suspended en_pausa en_pause "
    "pausado pausada pausiert wartend aguardando vilande pausad",
    "completed complete done closed finished completado terminado termine completada "
    "terminada terminee finalizado acheve finalizada concluido concluida erledigt "
    "abgeschlossen fertig fertiggestellt klar avslutad slutford voltooid afgerond",
    "cancelled canceled void cancelado annule cancelada annulee storniert abgesagt avbokad "
    "installd geannuleerd",
)
ESTIMATE: tuple[str, ...] = (
    "draft new borrador brouillon not_sent no_enviado non_envoye",
    "sent pending awaiting awaiting_response viewed open unsigned enviado envoye not_signed "
    "awaiting_approval pending_approval waiting_for_approval pendiente en_attente",
    "approved accepted signed won aprobado approuve accepte aceptado firmado signe",
    "declined denied rejected lost rechazado refuse",
    "changes_requested request_changes revision",
    "expired vencido expire",
    "converted invoiced copied_to_job sold facturado",
    "archived void cancelled canceled archivado archive annule cancelado",
)
INVOICE: tuple[str, ...] = (
    "draft not_sent unsent borrador brouillon entwurf rascunho utkast concept",
    "unpaid sent open awaiting awaiting_payment due viewed issued outstanding not_due not_yet_due "
    "payment_due balance_due amount_due pending_payment payment_pending unsettled pendiente impaye not_paid "
    "no_pagado no_pagada sin_pagar non_paye non_payee pendiente_de_pago en_attente offen "
    "unbezahlt nicht_bezahlt em_aberto nao_pago nao_paga obetald ej_betald onbetaald",
    "partial partially_paid partly_paid part_paid partial_paid paid_partially paid_in_part "
    "partial_payment part_payment partially_settled deposit_paid deposit_received parcial partiel teilbezahlt "
    "teilweise_bezahlt parcialmente_pago parcialmente_paga parcialmente_pagado "
    "parcialmente_pagada pago_parcial partiellement_paye partiellement_payee delbetald "
    "delvis_betald deels_betaald gedeeltelijk_betaald",
    "paid settled closed paid_in_full fully_paid paid_full auto_paid payment_received pagado pagada paye payee bezahlt beglichen pago paga "
    "betald betaald",
    "overdue past_due late delinquent vencida vencido en_retard uberfallig forfallen atrasada atrasado",
    "void voided cancelled canceled anulada annulee annule cancelada storniert cancelado makulerad",
    "bad_debt written_off write_off uncollectible uncollectable",
)
LEAD: tuple[str, ...] = (
    "new open lead_captured captured nuevo nouveau not_contacted",
    "contacted initial_contact attempted contactado contacte",
    "estimate_scheduled scheduled appointment_set",
    "estimate_sent quoted proposal_sent",
    "won converted deal_approved job_scheduled client",
    "lost dead unqualified not_interested closed_lost perdido perdu",
)
ACTIVITY: tuple[str, ...] = (
    "note notes comment nota",
    "call phone_call phone inbound_call outbound_call incoming_call outgoing_call missed_call "
    "call_in call_out voicemail llamada appel",
    "email e_mail mail inbound_email outbound_email incoming_email outgoing_email email_sent "
    "email_received sent_email received_email correo correo_electronico courriel",
    "meeting site_visit appointment reunion visit cita rendez_vous",
    "sms text text_message message inbound_sms outbound_sms incoming_sms outgoing_sms "
    "sms_sent sms_received text_sent text_received inbound_text outbound_text incoming_text "
    "outgoing_text mensaje",
    "task to_do todo reminder tarea tache",
)
ITEM: tuple[str, ...] = (
    "labor labour hours",
    "material materials product",
    "equipment rental",
    "permit permits fee",
    "text note",
    "assembly group bundle",
    "other misc service",
)


def label_of(word: str) -> str:
    """The option label of a closed word: `in_progress` → `In progress`."""
    text = word.replace("_", " ").strip()
    return text[:1].upper() + text[1:]


def closed(words: tuple[str, ...]) -> tuple[str, ...]:
    """The closed words themselves."""
    return tuple(word.split()[0] for word in words)
