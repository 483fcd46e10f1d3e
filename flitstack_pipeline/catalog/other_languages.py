"""Words of other languages for kinds of file and for their columns: evidence for a question.

A file whose name or headers are not English is asked about, with the kinds these words say as
candidates; once a person named its kind, its headers are read by them. Belongs here: nouns and
headers in Spanish, French, German, Portuguese, Italian and Russian. Does not: recognising
(`reading.kinds`), English spellings (`source`).
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

#: Kind of file → what it is called in other languages, without accents.
_NOUNS: dict[str, str] = {
    "clients": "clientes, cliente, kunden, kunde, kundenliste, clienti, klienten, klanten, клиенты",
    "leads": "prospectos, prospecto, interessenten, prospects, potenciales, лиды",
    "jobs": "trabajos, trabajo, obras, proyectos, auftrage, projekte, travaux, chantiers, projets, "
    "lavori, trabalhos, projetos, работы, проекты",
    "estimates": "presupuestos, presupuesto, cotizaciones, angebote, kostenvoranschlage, devis, "
    "preventivi, orcamentos, сметы",
    "invoices": "facturas, factura, rechnungen, rechnung, factures, facture, fatture, faturas, счета",
    "payments": "pagos, zahlungen, paiements, pagamenti, pagamentos, платежи",
    "work_orders": "ordenes de trabajo, arbeitsauftrage, ordres de travail, ordini di lavoro, "
    "ordens de servico, наряды",
    "users": "empleados, mitarbeiter, employes, dipendenti, funcionarios, equipo de trabajo, "
    "сотрудники",
    "activities": "notas, notizen, appunti, anotacoes, заметки",
    "attachments": "archivos, dateien, anhange, fichiers, allegati, anexos, файлы",
    "expenses": "gastos, ausgaben, depenses, spese, despesas, расходы",
    "time_clock": "horas trabajadas, zeiterfassung, stunden, heures, ore lavorate",
    "items": "articulos, artikel, preisliste, lista de precios, listino, tarifs, прайс",
    "tasks": "tareas, tarea, aufgaben, taches, compiti, tarefas, pendientes, задачи",
    "appointments": "citas, termine, terminkalender, rendez vous, appuntamenti, agendamentos, "
    "calendario, kalender, horario, calendrier, встречи",
    "vendors": "proveedores, proveedor, lieferanten, fournisseurs, fornitori, fornecedores, "
    "subcontratistas, поставщики",
    "client_contacts": "contactos, kontakte, ansprechpartner, contatti, contatos, контакты",
    "equipment": "equipos, gerate, equipements, attrezzature, equipamentos, оборудование",
    "permits": "permisos, genehmigungen, permis, permessi, licencas, разрешения",
    "contracts": "contratos, vertrage, contrats, contratti, договоры",
    "warranties": "garantias, garantien, garanties, garanzie, гарантии",
    "reviews": "resenas, bewertungen, avis, recensioni, avaliacoes, отзывы",
    "purchase_orders": "ordenes de compra, bestellungen, bons de commande, ordini di acquisto, "
    "pedidos de compra",
    "inventory": "inventario, lagerbestand, lager, inventaire, estoque, magazzino, склад",
    "materials": "materiales, materialien, materiaux, materiali, materiais, материалы",
    "requests": "solicitudes, anfragen, demandes, richieste, pedidos, заявки",
    "inspections": "inspecciones, inspektionen, ispezioni, inspecoes",
}  # fmt: skip
#: English header → the same header in other languages, without accents.
_HEADERS: dict[str, str] = {
    "client id": "id cliente, id de cliente, id del cliente, cliente id, kundennummer, kunden nr, "
    "kunden id, numero client, id client, codice cliente, id do cliente",
    "client name": "nombre del cliente, nombre cliente, cliente, kunde, kundenname, nom du client, "
    "nome cliente, nome do cliente, клиент",
    "name": "nombre completo, имя, фио",
    "first name": "vorname, prenom",
    "last name": "apellido, apellidos, nachname, cognome, sobrenome, фамилия",
    "business name": "empresa, nombre de la empresa, firma, firmenname, entreprise, societe, "
    "azienda, компания",
    "email": "correo, correo electronico, courriel, e mail adresse, posta elettronica, почта",
    "phone": "telefono, telefon, telefonnummer, telephone fixe, telefone, телефон",
    "mobile": "celular, movil, telefono movil, handy, mobiltelefon, cellulare",
    "address": "direccion, adresse, anschrift, indirizzo, endereco, адрес",
    "street": "calle, strasse, rue, rua, улица",
    "city": "ciudad, ort, stadt, ville, citta, cidade, город",
    "state": "provincia, bundesland, departement",
    "zip": "codigo postal, plz, postleitzahl, code postal, cep, индекс",
    "notes": "notas, notizen, bemerkungen, remarques, osservazioni, observaciones, observacoes, "
    "заметки, примечания",
    "date": "fecha, datum, дата",
    "created date": "fecha de creacion, erstellt, erstellt am, date de creation, creado",
    "start date": "fecha de inicio, startdatum, beginn, date de debut, data inizio",
    "end date": "fecha de fin, fecha final, enddatum, ende, date de fin, data fine",
    "due date": "fecha de vencimiento, vencimiento, fecha limite, fallig, fallig am, falligkeit, "
    "echeance, date d echeance, scadenza, срок",
    "time": "hora, uhrzeit, heure",
    "status": "estado, statut, stato, статус",
    "total": "gesamt, gesamtbetrag, importe total, monto total, montant total, totale, итого",
    "amount": "monto, importe, betrag, montant, importo, valor, сумма",
    "balance due": "saldo, saldo pendiente, offener betrag, solde",
    "description": "descripcion, beschreibung, descrizione, descricao, описание",
    "quantity": "cantidad, menge, quantite, quantita, quantidade, количество",
    "unit price": "precio unitario, precio, einzelpreis, preis, prix unitaire, prix, prezzo, цена",
    "title": "titulo, titel, titre, titolo, название",
    "job number": "trabajo numero, numero de trabajo, trabajo number, auftragsnummer, auftrag nr, "
    "numero de chantier",
    "estimate number": "presupuesto number, numero de presupuesto, cotizacion number, "
    "angebotsnummer, numero de devis, devis number",
    "invoice number": "factura number, numero de factura, rechnungsnummer, rechnung nr, "
    "numero de facture, facture number, numero fattura, fattura number",
    "payment method": "metodo de pago, forma de pago, zahlungsart, mode de paiement",
    "payment date": "fecha de pago, zahlungsdatum, date de paiement",
    "assigned to": "asignado a, zugewiesen an, assigne a, assegnato a, tecnico, techniker, "
    "technicien, исполнитель",
    "vendor name": "proveedor, lieferant, fournisseur, fornitore, fornecedor, поставщик",
    "contact name": "contacto, ansprechpartner, persona de contacto, referente, контакт",
    "task": "tarea, aufgabe, tache, compito, tarefa, задача",
    "completed": "hecho, completado, terminado, erledigt, termine, fait, fatto, concluida, готово",
    "lead source": "fuente, origen, quelle, provenance",
    "country": "pais, paese, страна",
}  # fmt: skip


@cache
def _kinds() -> list[tuple[str, str]]:
    """(noun of another language, kind of file), the longest nouns first."""
    return sorted(_by_word(_NOUNS).items(), key=lambda item: -len(item[0]))


@cache
def _headers() -> dict[str, str]:
    return _by_word(_HEADERS)


def _by_word(listed: dict[str, str]) -> dict[str, str]:
    return {_bare(word): key for key, words in listed.items() for word in words.split(",")}


def kinds_named(name: str) -> frozenset[str]:
    """The kinds of file that a name says in another language, by its longest noun."""
    rest, found = f" {_bare(name)} ", set[str]()
    for noun, kind in _kinds():
        if f" {noun} " in rest:
            found.add(kind)
            rest = rest.replace(f" {noun} ", " ")
    return frozenset(found)


@lru_cache(maxsize=20_000)
def in_english(header: str) -> str:
    """A header in English where it is a known one of another language, else ""."""
    return _headers().get(_bare(header), "")


def _bare(text: str) -> str:
    """Words in lower case without accents and punctuation, of any alphabet; `#` is "number"."""
    text = unicodedata.normalize("NFKD", text.replace("#", " number ").casefold())
    text = "".join(c for c in text if not unicodedata.combining(c))
    return " ".join(re.findall(r"[^\W_]+", text))
